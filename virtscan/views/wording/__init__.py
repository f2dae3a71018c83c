"""The sentences for the codes of the model: one place for the words of reports and explanations."""
