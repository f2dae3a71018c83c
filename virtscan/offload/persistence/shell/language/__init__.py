"""Parser of shell scripts: tokens, words and the syntax tree."""
