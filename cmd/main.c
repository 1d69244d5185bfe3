#include "cmd/command.h"

int main(int argc, char **argv)
{
	store_explain_faults();
	return command_main(argc, argv);
}
