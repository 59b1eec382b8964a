"""What the services agree on: one module for each family of topics.

Every event is a frozen pydantic model whose JSON is the Kafka record's value. Within a major version a
contract only grows: new fields have defaults, and a reader ignores the fields it does not know.
"""
