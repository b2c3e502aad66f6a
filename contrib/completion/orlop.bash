# Completion for bash: commands, options, ids of containers. It knows none of them, and asks the orlop on the
# command line: by --help, and by list --quiet.

# The options that this help describes, a line each: letter|name|argument
_orlop_options() {
    "$@" --help 2>/dev/null | sed -nE 's/^ +(-(.), +)?--([a-z0-9-]+)( ([A-Z]+))?( .*)?$/\2|\3|\5/p'
}

# What argument the option WORD takes, if any: _orlop_argument TABLE WORD
_orlop_argument() {
    local letter name argument word=${2#-}
    word=${word#-}
    while IFS='|' read -r letter name argument; do
        [[ $word != "$name" && $2 != "-$letter" ]] || printf '%s' "$argument"
    done <<<"$1"
}

_orlop_words() {
    local letter name argument
    while IFS='|' read -r letter name argument; do
        [[ ! $name ]] || printf '%s\n' ${letter:+"-$letter"} "--$name"
    done <<<"$1"
}

# What the word at this place, which is no option, is called in the usage: _orlop_operand PLACE PROGRAM COMMAND
_orlop_operand() {
    local usage
    usage=$("${@:2}" --help 2>/dev/null | sed -nE '1s/^Usage: orlop \[global options\] [a-z]+ ?(\[options\] ?)?//p')
    read -ra usage <<<"$usage"
    usage=${usage[$1]-}
    usage=${usage#\[}
    printf '%s' "${usage%\]}"
}

_orlop() {
    local current=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]} i word command= wanted= count=0
    local -a root=()
    local table=$(_orlop_options "$program")
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; ++i)); do
        word=${COMP_WORDS[i]}
        if [[ $wanted ]]; then
            wanted=
        elif [[ $word == -* ]]; then
            wanted=$(_orlop_argument "$table" "$word")
            [[ $word != -root && $word != --root ]] || root=(--root "${COMP_WORDS[i + 1]}")
        elif [[ ! $command ]]; then
            command=$word
            table=$(_orlop_options "$program" "$command")
        else
            count=$((count + 1))
        fi
    done

    case $wanted in
    '') ;;
    DIR) readarray -t COMPREPLY < <(compgen -d -- "$current") ;;
    FILE | SOCKET) readarray -t COMPREPLY < <(compgen -f -- "$current") ;;
    esac
    [[ ! $wanted ]] || return 0
    # What follows the id belongs to the program.
    [[ $command != exec && $command != ps ]] || ((!count)) || return 0

    if [[ $current == -* ]]; then
        word=$(_orlop_words "$table")
    elif [[ ! $command ]]; then
        word=$("$program" --help 2>/dev/null | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) .*/\1/p')
    else
        case $command:$(_orlop_operand "$count" "$program" "$command") in
        create:* | run:* | plan:*) return 0 ;;  # the id is a new one
        *:ID) word=$("$program" "${root[@]}" list --quiet 2>/dev/null) ;;
        *:FILE) readarray -t COMPREPLY < <(compgen -f -- "$current"); return 0 ;;
        *:SIGNAL) word=$(compgen -A signal SIG) ;;
        *:*\|*) word=$(_orlop_operand "$count" "$program" "$command" | tr '|' '\n') ;;
        *) return 0 ;;
        esac
    fi
    readarray -t COMPREPLY < <(compgen -W "$word" -- "$current")
}

complete -F _orlop orlop
