# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of xsysfs for bash: 'xsysfs complete' knows what may come next.

_xsysfs()
{
	local words=() cut="" line i
	COMPREPLY=()
	# bash takes words apart at '=' and ':', and wants only the last piece of one back
	for ((i = 1; i <= COMP_CWORD; i++)); do
		if [[ ${#words[@]} -gt 0 && (${COMP_WORDS[i]} == [=:] || ${COMP_WORDS[i - 1]} == [=:]) ]]; then
			words[-1]+=${COMP_WORDS[i]}
		else
			words+=("${COMP_WORDS[i]}")
		fi
	done
	cut=${words[-1]%"${COMP_WORDS[COMP_CWORD]#[=:]}"}
	while IFS= read -r line; do
		case $line in
		:file)	compopt -o filenames; _xsysfs_add < <(compgen -f -- "${words[-1]#"$cut"}") ;;
		:folder)	compopt -o filenames; _xsysfs_add < <(compgen -d -- "${words[-1]#"$cut"}") ;;
		:program)	_xsysfs_add < <(compgen -c -- "${words[-1]}"; compgen -f -- "${words[-1]}") ;;
		*)	line=${line%%$'\t'*}; COMPREPLY+=("${line#"$cut"}") ;;
		esac
	done < <(xsysfs complete "${words[@]}" 2>/dev/null)
}

_xsysfs_add()
{
	local name
	while IFS= read -r name; do
		COMPREPLY+=("$name")
	done
}
complete -F _xsysfs xsysfs
