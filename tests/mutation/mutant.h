/* Compiled into a tree with planted faults only: see tests/mutation/mutants.py. */
#ifndef MUTATION_MUTANT_H
#define MUTATION_MUTANT_H

/*
 * 1 if the fault of this number is switched on (MUTANT=number in the environment), else 0.
 * MUTANT_REACHED names a file to which each process adds the numbers that it comes by, a
 * line each, once.
 */
int mutant(unsigned number);

#endif
