"""CSV and xlsx with any headers: columns are matched to fields, remembered, and rows become blocks."""
