"""A firewall for the tool calls of AI agents, in process.

```python
from argala import protect_tools

policy = {"allowed_methods": ["execute_sql_query"], "denied_patterns": ["DROP", "DELETE", "TRUNCATE"]}
execute_sql_query, = protect_tools([execute_sql_query], policy)
execute_sql_query("DROP TABLE users")  # raises ArgalaSecurityViolation
```

What is promised is about the arguments that a model chose. Python code in the same process can always step round a
Python guard; where tools run code of their own choosing, put the gateway in front of them.
"""

from argala._argala import ArgalaEngine, Decision, Finding, PolicyError, __version__
from argala._guard import Guard, protect, protect_tools
from argala._violation import ArgalaSecurityViolation

__all__ = [
    "ArgalaEngine",
    "ArgalaSecurityViolation",
    "Decision",
    "Finding",
    "Guard",
    "PolicyError",
    "__version__",
    "protect",
    "protect_tools",
]
