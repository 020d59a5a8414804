"""How sure an answer is: intervals, tests and ranks of methods, from the values of their images."""
