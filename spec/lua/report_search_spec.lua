local report = require "nac.report.search"

describe("the report of a search", function()
  it("counts trials that gave no values and tells the first one's reason", function()
    local records = {
      { number = 0, state = "complete" }, { number = 1, state = "failed", reason = "killed by signal 9 (SIGKILL)" },
      { number = 2, state = "pruned", reason = "params 9 is above max 5" }, { number = 3, state = "failed", reason = "loss is nan" },
    }
    local text = report.text { front = {}, pictures = {}, notes = {}, dir = "there", seconds = 1,
      study = { trials = function() return records end } }
    assert.matches("2 trials failed (first trial 1: killed by signal 9 (SIGKILL))", text, 1, true)
    assert.matches("1 trial ended early (first trial 2: params 9 is above max 5)", text, 1, true)
  end)
end)
