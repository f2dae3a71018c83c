"""Sheets of a workbook: views under the names of RVTools, and the rows that only a workbook has room for."""
