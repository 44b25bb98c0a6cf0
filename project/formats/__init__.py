"""How dates are written and read, where Django's own formats of a language would not do.

Date fields are `<input type="date">`, whose value is ISO in every language.
"""

DATE_INPUT_FORMATS = ["%Y-%m-%d"]
