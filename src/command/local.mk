noinst_LIBRARIES += src/libcommand.a
src_libcommand_a_SOURCES = \
	src/command/call.h \
	src/command/command.c src/command/command.h \
	src/command/main.c \
	src/command/print.c src/command/print.h \
	src/command/progress.c src/command/progress.h

UNIT_TESTS += tests/unit/command/print_test
UNIT_TESTS += tests/unit/command/progress_test
