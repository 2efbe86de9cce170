local files = require "spec.support.files"
local nac = require "nac"
local tensor = require "nac.tensor"

-- What gnuplot draws into an SVG, as text.
local function svg(draw)
  local path = files.temporary(nil, ".svg")
  finally(files.clean)
  assert.equal(path, draw(path))
  return files.read(path)
end

-- Traces of two samples: class 0 left, class 1 right.
local function traces()
  local x, y = {}, {}
  for i = 1, 20 do
    local right = i % 2
    x[i], y[i] = { right + .01 * i, 0, right + .01 * i, .02 * i }, right
  end
  return { x = tensor(x), y = tensor(y, "i32") }
end

describe("pictures of physics", function()
  it("show the plane of I and Q: prepared, decided, wrong", function()
    local part = traces()
    local said = part.y:clone()
    said:set(1, 2)
    local text = svg(function(path) return nac.plot.iq(part, said, { name = "a net" }, path) end)
    for _, word in ipairs { "prepared state", "decision of a net", "errors: 1 of 20 %(5%.00 %%%)", "boundary", "I %(ADC units%)",
      "ground, taken for excited" } do
      assert.matches(word, text)
    end
    local all_one = tensor.zeros({ 20 }, "i32")
    assert.is_nil(svg(function(path) return nac.plot.iq(part, all_one, {}, path) end):match "boundary") -- there is none
  end)

  it("show the mean traces of both states in time", function()
    local text = svg(function(path) return nac.plot.traces(traces(), { smooth = 1, window = { 0, 1 } }, path) end)
    for _, word in ipairs { "time %(ns%)",
      "I %(ADC units%)", "Q %(ADC units%)", "ground, mean of 10", "excited, mean of 10" } do assert.matches(word, text) end
    local one = { x = traces().x:slice(1, 1, 1):contiguous(), y = tensor({ 1 }, "i32") }
    assert.same({ nil, "no picture: a mean needs two traces of a state" }, { nac.plot.traces(one, {}, "x.svg") })
  end)

  it("show peaks with the true centre and the one that was found", function()
    local part = { x = tensor.rand({ 3, 121 }, { seed = 1 }), y = tensor { { .5, .5 }, { .4, .4 }, { .3, .6 } } }
    local text = svg(function(path) return nac.plot.patches(part, part.y + tensor { .1, 0 }, {}, path) end)
    for _, word in ipairs { "true centre", "found", "1%.10 px" } do assert.matches(word, text) end
  end)
end)
