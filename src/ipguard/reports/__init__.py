"""Reports: figures from rows, and one model that is printed as PDF, as one HTML file and as a workbook."""
