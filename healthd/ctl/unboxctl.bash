# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of unboxctl in bash. Names of services come from the device itself.

_unboxctl_services() {
    unboxctl health 2>/dev/null | while read -r name _; do printf '%s\n' "$name"; done
}

_unboxctl_sections() {
    unboxctl config show 2>/dev/null | while read -r key _; do
        [[ $key == *.* ]] && printf '%s\n' "${key%%.*}"
    done
}

_unboxctl_options() {
    case $1 in
    status | health | 'config show' | network | 'network '[snw]*) echo --json ;;
    logs) echo --json --lines= --since= --priority= ;;
    monitor) echo --json --lines= --since= ;;
    'network hotspot') echo --label --svg --json ;;
    'network connect')
        echo --hidden --password-file= --security= --identity= --anonymous-identity= --domain= --ca= --certificate= \
            --key= --address= --gateway= --dns=
        ;;
    'config apply') echo --json --confirm-within= ;;
    'factory batches' | 'factory devices' | 'factory failures' | 'factory label'* | 'factory token') echo --json ;;
    factory-reset | 'factory retire') echo --yes ;;
    esac
    echo --help
}

# Names with blanks or what a shell would read are left to be typed.
_unboxctl_saved() {
    unboxctl network saved 2>/dev/null | while read -r name priority _; do
        [[ $name =~ ^[A-Za-z0-9._-]+$ && $priority =~ ^[0-9]+$ ]] && printf '%s\n' "$name"
    done
}

# What may stand behind a command, and the words that stand there already.
_unboxctl_arguments() {
    local command=$1 count=$2
    case $command:$count in
    :0 | help:0)
        echo status health restart logs monitor network config diagnostics reboot factory-reset factory call
        [[ $command ]] || echo help
        ;;
    network:0) echo status networks scan saved connect priority forget reset radio hotspot country wired ;;
    'network priority:0' | 'network forget:0') _unboxctl_saved ;;
    config:0) echo check show apply confirm ;;
    factory:0) echo batches devices failures export labels label token open close retire ;;
    restart:0 | logs:0) _unboxctl_services ;;
    monitor:*) echo 'health.*' health.failed health.restarted health.recovered health.changed ;;
    'network radio:0' | 'network hotspot:0') echo on off ;;
    'network wired:0') echo dhcp static confirm ;;
    'config show:0') _unboxctl_sections ;;
    'config apply:0' | 'config confirm:0') echo wifi network bluetooth time ;;
    call:0) echo healthd user-network identserver ;;
    call:1) echo describe ping ;;
    esac
}

_unboxctl() {
    local current=${COMP_WORDS[COMP_CWORD]} command= count=0 word i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
        -*) ;;
        *)
            if [[ ! $command || ($command == network || $command == config || $command == factory || $command == help) && $count == 0 ]]; then
                command+=${command:+ }$word
            else
                count=$((count + 1))
            fi
            ;;
        esac
    done
    case $command in 'help '*) return ;; esac

    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_unboxctl_options "$command")" -- "$current")
        [[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace 2>/dev/null
    elif [[ $command == 'config check' || $command == diagnostics ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        compopt -o filenames 2>/dev/null
    else
        set -f # a topic is no name of a file
        mapfile -t COMPREPLY < <(compgen -W "$(_unboxctl_arguments "$command" $count)" -- "$current")
        set +f
    fi
    return 0
}

complete -F _unboxctl unboxctl
