std = "lua54"
max_line_length = 160
-- 431: a spec's helper may be called as its subject is;
-- 581: not (x > y) is what refuses NaN; 212: methods that a contract asks for
ignore = { "431", "581", "212/self" }
-- `arg` of a script and the interpreter's own globals
read_globals = { "arg" }
files["spec"] = { std = "+busted" }
-- the command line sets what a stand-alone interpreter sets
files["lua/nac/cli"] = { globals = { "arg", "_PROMPT", "_PROMPT2" } }
exclude_files = { "build*", "results", "data/full" }
-- tables with one row a line
files["lua/nac/config/schema.lua"] = { max_line_length = false }
files["lua/nac/estimate/boards.lua"] = { max_line_length = false }
files["spec/support/layer_cases.lua"] = { max_line_length = false }
