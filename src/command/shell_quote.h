/* Words for commands that a person copies into a shell. */
#ifndef COMMAND_SHELL_QUOTE_H
#define COMMAND_SHELL_QUOTE_H

/*
 * The text as one word of a shell, quoted always: 'text', with each quote in it as '"'"';
 * and where it holds what is not printable ASCII, $'text' with octal escapes (POSIX.1-2024;
 * a shell that does not know them takes it for the name of another file, not for a
 * command). The result is printable ASCII. The caller frees.
 */
char *shell_quote(const char *text);

#endif
