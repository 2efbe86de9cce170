-- Output of `make test`: one line a spec file, failures in full where they
-- happen and named again at the end, and as the very last line
-- "N passed, N failed" (", N skipped" when a spec was pending, that is when a
-- tool that it needs is missing). Errors count as failures, and so do
-- folders that studies leave in /tmp; a run without a single test is a failure.
local leftovers = require "spec.support.leftovers"
local pretty = require "pl.pretty"

local function text(message)
  if type(message) == "string" then return message end
  if message == nil then return "nil error" end
  local meta = getmetatable(message)
  if meta and meta.__tostring then return tostring(message) end
  return pretty.write(message)
end

return function()
  local busted = require "busted"
  local handler = require "busted.outputHandlers.base"()
  local file = { passed = 0 }
  local failed, skipped = {}, {}

  local function out(...) io.write(...) io.flush() end

  local function describe(element, message, trace)
    local where = element.trace and element.trace.short_src
      and ("%s:%d: "):format(element.trace.short_src, element.trace.currentline) or ""
    failed[#failed + 1] = where .. handler.getFullName(element)
    out("\nFAILED ", failed[#failed], "\n", text(message), "\n")
    if trace and trace.traceback then out(trace.traceback, "\n") end
    out("\n")
  end

  local function on_fault(element, _, message, trace)
    describe(element, message, trace)
    return nil, true
  end

  local function on_file_start(element)
    file = { name = element.name, passed = 0 }
    return nil, true
  end

  local function on_test_end(element, _, status)
    if status == "success" then
      file.passed = file.passed + 1
    elseif status == "pending" then
      local pending = handler.pendings[#handler.pendings]
      skipped[#skipped + 1] = handler.getFullName(element)
        .. (pending and pending.message and ": " .. text(pending.message):gsub("^[^ ]*: ", "") or "")
    end
    return nil, true
  end

  local function on_file_end(element)
    leftovers.sweep()
    out(("%-48s %4d passed  %.2f s\n"):format(file.name, file.passed, element.duration or 0))
    return nil, true
  end

  local passed
  local function on_suite_end()
    passed = handler.successesCount
    leftovers.stop()
    local left = leftovers.of_studies()
    if #left > 0 then failed[#failed + 1] = "studies left folders in /tmp: " .. table.concat(left, " ") end
    out("\n")
    for _, name in ipairs(skipped) do out("skipped: ", name, "\n") end
    for _, name in ipairs(failed) do out("failed:  ", name, "\n") end
    if passed + #failed == 0 then
      failed[1] = "no test ran"
      out("failed:  no test ran\n")
    end
    out(("%d passed, %d failed%s\n"):format(passed, #failed,
      #skipped > 0 and (", %d skipped"):format(#skipped) or ""))
    return nil, true
  end

  -- busted leaves with status 0 when nothing ran.
  local function on_exit()
    if #failed > 0 or not passed then os.exit(1, true) end
    return nil, true
  end

  leftovers.start()
  busted.subscribe({ "file", "start" }, on_file_start)
  busted.subscribe({ "file", "end" }, on_file_end)
  busted.subscribe({ "test", "end" }, on_test_end, { predicate = handler.cancelOnPending })
  busted.subscribe({ "failure" }, on_fault)
  busted.subscribe({ "error" }, on_fault)
  busted.subscribe({ "suite", "end" }, on_suite_end)
  busted.subscribe({ "exit" }, on_exit)
  return handler
end
