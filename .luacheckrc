std = "lua54"
max_line_length = 140
-- `arg` of a script and the interpreter's own globals
read_globals = { "arg" }
files["spec"] = { std = "+busted" }
-- the command line sets what a stand-alone interpreter sets
files["lua/nac/cli"] = { globals = { "arg", "_PROMPT", "_PROMPT2" } }
exclude_files = { "build*", "results", "data/full" }
