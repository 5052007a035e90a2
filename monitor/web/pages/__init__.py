"""The pages that people read: each part a module, which looks things up and fills a template."""
