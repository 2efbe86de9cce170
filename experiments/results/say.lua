--- One line of progress, with the time.
return function(...) io.stderr:write(("[%s] "):format(os.date "!%H:%M:%S"), string.format(...), "\n") end
