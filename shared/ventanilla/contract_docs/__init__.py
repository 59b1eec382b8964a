"""The contract as other teams read it: JSON Schemas, an AsyncAPI document and a page, made from the code."""
