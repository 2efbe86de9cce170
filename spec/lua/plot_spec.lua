local file = require "nac.util.file"
local plot = require "nac.plot"
local interpreter = require "spec.support.interpreter"

local objectives = {
  { name = "accuracy", direction = "maximize" }, { name = "bops", direction = "minimize" },
  { name = "clock_cycles", direction = "minimize" },
}

local function records(n)
  local out = {}
  for i = 1, n do
    out[i] = {
      number = i - 1, state = "complete", attrs = {},
      values = { accuracy = 0.5 + 0.4 * i / n, bops = 1000 * i ^ 3, clock_cycles = 20 - i % 5 },
    }
  end
  out[n + 1] = { number = n, state = "failed", reason = "lost", attrs = {} }
  return out
end

-- Width and height that a PNG says it has.
local function png_size(path)
  local text = assert(file.read(path))
  assert.equal("\137PNG\r\n\26\n", text:sub(1, 8))
  return string.unpack(">I4I4", text, 17)
end

describe("pictures of a front", function()
  local dir = os.tmpname()
  os.remove(dir)
  lazy_setup(function() assert(file.make_directory(dir)) end)
  lazy_teardown(function() os.execute("rm -r " .. dir) end)

  if not file.program("gnuplot") then
    pending("gnuplot is not installed")
    return
  end

  it("numbers a short logarithmic axis at 1, 2 and 5 of a decade, a linear one of large numbers with their units", function()
    local function numbers(most)
      local records = { { values = { bops = 40000 } }, { values = { bops = most } } }
      return require("nac.plot.axis").commands("x", "bops", records):match "set xtics ([^\n]*)"
    end
    assert.equal("(50000,100000,200000,500000)", numbers(600000))
    assert.equal("autofreq", numbers(6e7))
    assert.equal('("40k" 40000,"42.5k" 42500,"45k" 45000,"47.5k" 47500,"50k" 50000)', numbers(50000)) -- linear
    local bars = require("nac.plot.bars").panel("lut", { { "dense1", 11000 }, { "dense2", 800 } }, { x = "LUT" })
    assert.equal('("0" 0,"2.5k" 2500,"5k" 5000,"7.5k" 7500,"10k" 10000)', bars:match "set xtics ([^\n]*)")
  end)

  it("call the performance metric what it is: accuracy, or where there are no classes minus the loss", function()
    local function label(metric)
      return require("nac.plot.axis").commands("y", "performance_metric", { { values = { performance_metric = metric } } }):match 'ylabel "([^"]*)"'
    end
    assert.equal("accuracy", label(.75))
    assert.equal("minus the loss", label(-.012))
  end)

  it("have a panel a pair of objectives", function()
    local path = dir .. "/front.png"
    assert.equal(path, plot.front2d(records(12), objectives, path))
    local width, height = png_size(path)
    assert.is_true(width > height) -- three panels beside one another
    assert.is_nil(file.exists(path .. ".tmp"))
    assert.is_nil(file.exists(path .. ".log"))
  end)

  it("show three objectives at once", function()
    local path = dir .. "/front_3d.png"
    assert.equal(path, plot.front3d(records(12), objectives, path))
    assert.is_true(png_size(path) > 100)
  end)

  it("can be drawn of a single trial", function()
    assert.truthy(plot.front2d(records(1), objectives, dir .. "/one.png"))
    assert.truthy(plot.front3d(records(1), objectives, dir .. "/one_3d.png"))
  end)

  it("are drawn by a study's front", function()
    local study = require "nac.study" { maximize = { "accuracy" }, minimize = { "bops" }, seed = 1 }
    study:optimize(function(trial)
      local x = trial:float("x", 0, 1)
      return { accuracy = x, bops = x * 1000 }
    end, { trials = 4 })
    assert.equal(dir .. "/study.svg", study:front():plot(dir .. "/study.svg"))
    assert.matches("<svg", file.read(dir .. "/study.svg"))
  end)

  it("are not drawn of nothing, nor into nowhere", function()
    assert.same({ nil, "no picture: no trial is complete" }, { plot.front2d({}, objectives, dir .. "/none.png") })
    local path, message = plot.front2d(records(3), objectives, "/no/such/folder/front.png")
    assert.is_nil(path)
    assert.matches("/no/such/folder/front.png", message)
    assert.has_error(function() plot.front2d(records(3), objectives, "front.jpg") end)
    assert.has_error(function() plot.front3d(records(3), { objectives[1] }, "front.png") end)
  end)

  it("come from the command line, of an older results file, too", function()
    local path = dir .. "/old.csv"
    assert(file.write(path, "trial,Precision,performance_metric,bops,avg_resource,clock_cycles\n"
      .. "0,<16,6>,0.7,1000,2.5,30\n1,<16,6>,0.8,5000,3.5,25\n2,<8,3>,0.6,900,,\n"))
    assert.equal(dir .. "/old.png\n" .. dir .. "/old_3d.png\n", (interpreter.run("$NAC_LUA plot " .. path)))
    assert.same({ "nac-lua plot: a picture's name ends in .png, .svg, .pdf or .gif, got 'x.bmp'\n", 1 },
      { interpreter.run("$NAC_LUA plot " .. path .. " -o x.bmp") })
    assert.same({ "nac-lua plot: an animation's name ends in .gif, got 'x.png'\n", 1 },
      { interpreter.run("$NAC_LUA plot " .. path .. " --kind turning -o x.png") })
    assert.is_true(png_size(dir .. "/old.png") > 100)
  end)
end)

describe("a missing gnuplot", function()
  it("is a note that names the package", function()
    local code = [[
      local record = { values = { a = 1, b = 2 } }
      local objectives = { { name = "a", direction = "maximize" }, { name = "b", direction = "minimize" } }
      print(require("nac.plot").front2d({ record }, objectives, "/tmp/x.png"))
    ]]
    assert.matches("nil%s+no picture /tmp/x.png: gnuplot was not found %(apt package gnuplot%-nox%)",
      (interpreter.run("PATH=/nowhere $NAC_LUA -e '" .. code .. "'")))
  end)
end)
