"""Making exports: a model in the forms that it runs in elsewhere, and what each form keeps of it."""
