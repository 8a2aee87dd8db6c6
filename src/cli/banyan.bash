# bash completion for banyan(1)                                            -*- shell-script -*-
# The options come from `banyan --help`; this file adds the values that they take.

_banyan_complete() { # PREFIX COMPGEN-ARGUMENTS
    local prefix=$1
    shift
    mapfile -t COMPREPLY < <(compgen "$@" -- "$prefix")
}

_banyan() {
    local command=${1/#\~\//$HOME/} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    if [[ $word == = ]]; then # --option=: bash takes the sign for a word of its own
        word=""
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $before in
    --deadline) ;;
    -o | --output) _banyan_complete "$word" -W 'text json' ;;
    --order) _banyan_complete "$word" -W 'auto command completion' ;;
    --color | --errors) _banyan_complete "$word" -W 'auto always never' ;;
    --dir)
        compopt -o filenames
        _banyan_complete "$word" -d
        ;;
    *)
        if [[ $word == -* ]]; then
            _banyan_complete "$word" -W "$("$command" --help 2>/dev/null |
                sed -n 's/^ *\(-.*\)/\1/p' | grep -oE -e '^--?[a-zA-Z]+' -e ', --?[a-zA-Z]+' | tr -d ,)"
        else
            compopt -o filenames
            _banyan_complete "$word" -f
        fi
        ;;
    esac
}

complete -F _banyan banyan
