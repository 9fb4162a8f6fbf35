/* Words for commands that a person copies into a shell. */
#ifndef UTIL_SHELL_QUOTE_H
#define UTIL_SHELL_QUOTE_H

/*
 * The text as one word of a shell, quoted always: 'text', with each quote in it as '"'"';
 * and where it holds what is not printable ASCII, $'text' with octal escapes (POSIX.1-2024;
 * a shell that does not know them takes it for the name of another file, not for a
 * command). The result is printable ASCII. The caller frees.
 */
char *shell_quote(const char *text);

/* The same, but without quotes when every character stands for itself in a shell. */
char *shell_word(const char *text);

#endif
