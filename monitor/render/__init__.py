"""What people and programs read: lines for a terminal or a pipe, messages, pages, and JSON.

Values of the model become lines with roles (``lines``), which ``screen`` writes to a terminal,
``alerts`` to mails and Slack, ``pages`` to HTML. JSON is made of the same values, never of lines.
"""
