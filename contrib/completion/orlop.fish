# Completion for fish: commands, options, ids of containers. It knows none of them, and asks the orlop on the
# command line: by --help, and by list --quiet.

# The options that this help describes, a line each: letter|name|argument|text
function __orlop_options
    $argv --help 2>/dev/null | sed -nE 's/^ +(-(.), +)?--([a-z0-9-]+)( ([A-Z]+))?( +(.*))?$/\2|\3|\5|\7/p'
end

# What argument the option WORD takes, if any: __orlop_argument WORD LINE...
function __orlop_argument
    set -l word (string replace -r '^--?' '' -- $argv[1])
    for line in $argv[2..-1]
        set -l part (string split '|' -- $line)
        if test "$word" = "$part[2]"; or test "$argv[1]" = "-$part[1]"
            echo $part[3]
        end
    end
end

# What the word at this place, which is no option, is called in the usage: __orlop_operand PLACE PROGRAM COMMAND
function __orlop_operand
    set -l usage ($argv[2..-1] --help 2>/dev/null | sed -nE '1s/^Usage: orlop \[global options\] [a-z]+ ?(\[options\] ?)?//p')
    set -l words (string split -n ' ' -- $usage)
    string trim -c '[]' -- $words[(math $argv[1] + 1)]
end

function __orlop_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -l root
    set -l command
    set -l wanted
    set -l count 0
    set -l table (__orlop_options $program)
    for word in $words[2..-1]
        if test "$wanted" = root
            set root --root $word
            set wanted
        else if test -n "$wanted"
            set wanted
        else if string match -q -- '-*' $word
            set wanted (__orlop_argument $word $table)
            contains -- $word -root --root; and set wanted root
        else if test -z "$command"
            set command $word
            set table (__orlop_options $program $command)
        else
            set count (math $count + 1)
        end
    end

    switch "$wanted"
        case ''
        case DIR root
            __fish_complete_directories "$current" ''
            return
        case FILE SOCKET
            __fish_complete_path "$current" ''
            return
        case '*'
            return
    end
    # What follows the id belongs to the program.
    if contains -- "$command" exec ps; and test $count -gt 0
        return
    end

    if string match -q -- '-*' $current
        for line in $table
            set -l part (string split '|' -- $line)
            test -n "$part[1]"; and printf '%s\t%s\n' "-$part[1]" "$part[4]"
            printf '%s\t%s\n' "--$part[2]" "$part[4]"
        end
    else if test -z "$command"
        $program --help 2>/dev/null | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) +(.*)/\1\t\2/p'
    else if not contains -- $command create run plan  # whose id is a new one
        set -l operand (__orlop_operand $count $program $command)
        switch "$operand"
            case ID
                $program $root list --quiet 2>/dev/null
            case FILE
                __fish_complete_path "$current" ''
            case SIGNAL
                string replace -rf '^' SIG -- (kill -l | string split -n ' ')
            case '*|*'
                string split '|' -- $operand
        end
    end
end

complete -c orlop -f -a '(__orlop_complete)'
