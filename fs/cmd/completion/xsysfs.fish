# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of xsysfs for fish: 'xsysfs complete' knows what may come next.

function __xsysfs_complete
	set -l words (commandline -opc) (commandline -ct)
	for line in (xsysfs complete $words[2..-1] 2>/dev/null)
		switch $line
		case :file
			__fish_complete_path (commandline -ct)
		case :folder
			__fish_complete_directories (commandline -ct)
		case :program
			__fish_complete_path (commandline -ct)
			complete -C (commandline -ct)
		case '*'
			echo $line
		end
	end
end
complete -c xsysfs -f -a '(__xsysfs_complete)'
