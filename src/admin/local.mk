noinst_LIBRARIES += src/libadmin.a
src_libadmin_a_SOURCES = \
	src/admin/call.h \
	src/admin/command.c src/admin/command.h \
	src/admin/describe.c src/admin/describe.h \
	src/admin/ek_file.c src/admin/ek_file.h \
	src/admin/enroll.c \
	src/admin/init.c \
	src/admin/list.c \
	src/admin/main.c \
	src/admin/print.c src/admin/print.h \
	src/admin/remove.c \
	src/admin/show.c \
	src/admin/state.c src/admin/state.h
