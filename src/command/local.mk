noinst_LIBRARIES += src/libcommand.a
src_libcommand_a_SOURCES = \
	src/command/command.h \
	src/command/help.c \
	src/command/main.c \
	src/command/option.c src/command/option.h \
	src/command/output.c src/command/output.h \
	src/command/print.c src/command/print.h \
	src/command/progress.c src/command/progress.h \
	src/command/reader.c src/command/reader.h \
	src/command/suggest.c \
	src/command/synopsis.c

UNIT_TESTS += tests/unit/command/main_test
UNIT_TESTS += tests/unit/command/option_test
UNIT_TESTS += tests/unit/command/output_test
UNIT_TESTS += tests/unit/command/print_test
UNIT_TESTS += tests/unit/command/progress_test
UNIT_TESTS += tests/unit/command/synopsis_test
