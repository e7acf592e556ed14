# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of xsysfs for bash: commands, options, packages of the mount, recipes, boards.

# The packages of the mount that is meant.
_xsysfs_packages()
{
	xsysfs ${1:+-C "$1"} list --json 2>/dev/null |
		sed -n 's/.*"package": *"\([^"]*\)".*/\1/p'
}

# The names in the data folder $1: recipes or boards.
_xsysfs_data()
{
	local dir program
	program=$(readlink -f "$(command -v xsysfs)" 2>/dev/null)
	for dir in "./$1" "${program%/*}/../share/xsysfs/$1"; do
		test -d "$dir" || continue
		find "$dir" -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | sed 's/\.ini$//'
		return
	done
}

_xsysfs()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command="" where="" words="" i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-C)	where=${COMP_WORDS[++i]-} ;;
		-*)	;;
		*)	command=${command:-${COMP_WORDS[i]}} ;;
		esac
	done
	case $prev in
	-C|--sysroot|--state|--sources|--recipes|--files)
		compopt -o dirnames
		return
		;;
	--needs|--replaces|--package)
		words=$(_xsysfs_packages "$where")
		;;
	--board)
		words=$(_xsysfs_data boards)
		;;
	--launcher)
		words="ccache distcc icecc none"
		;;
	*)
		case $command in
		'')	words="mount umount run status list owns files parts remove rollback gc diff staging-view upgrade
				build env fetch new-recipe bump graph lint report toolchain help --version -C" ;;
		mount)	words="--sysroot --state -o -f $(_xsysfs_data boards)" ;;
		umount|owns)	compopt -o default ;;
		run)	words="--package --version --needs --replaces --key --parts --" ;;
		status|list)	words="--json" ;;
		remove|rollback)	words=$(_xsysfs_packages "$where") ;;
		files)	words="--part $(_xsysfs_packages "$where")" ;;
		parts)	words="--rules --set $(_xsysfs_packages "$where")" ;;
		diff)	words="--json local $(_xsysfs_packages "$where")" ;;
		staging-view)	words="--json -0 --tar --no-local --without --only" ;;
		build)	words="--board -j --launcher --keep --explain --sources $(_xsysfs_data recipes)" ;;
		env)	words="--files --json --fish $(_xsysfs_data boards)" ;;
		fetch)	words=$(_xsysfs_data recipes) ;;
		new-recipe)	words="--commit --recipes" ;;
		bump)	words="-n -k $(_xsysfs_data recipes)" ;;
		lint)	words="--board $(_xsysfs_data recipes)" ;;
		graph)	words="--board --dot --svg --json $(_xsysfs_data recipes)" ;;
		report)	words="--board -o --output"; compopt -o default ;;
		toolchain)	words=$(_xsysfs_data boards) ;;
		help)	words="--man mount umount run status list owns files parts remove rollback gc diff staging-view upgrade" ;;
		esac
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o bashdefault -F _xsysfs xsysfs
