#include "builder/verbs.h"
int verb_report(struct options *o)
{
	(void)o;
	return 1;
}
