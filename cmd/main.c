#include "cmd/command.h"
#include "config/heap.h"

int main(int argc, char **argv)
{
	heap_set();
	store_explain_faults();
	return command_main(argc, argv);
}
