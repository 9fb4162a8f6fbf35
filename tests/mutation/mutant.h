/* Compiled into a tree with planted faults only: see tests/mutation/mutants.py. */
#ifndef MUTATION_MUTANT_H
#define MUTATION_MUTANT_H

/*
 * 1 if the fault of this number is switched on (LC_MUTANT=number in the environment), else 0.
 * LC_MUTANT_REACHED names a file with an octet for each fault, in which every process sets those that it
 * comes by. No system call, and safe in a handler of signals.
 */
int mutant(unsigned number);

#endif
