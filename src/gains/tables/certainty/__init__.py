"""How sure the values of a table are: judgement of its columns, and the files beside it."""
