local files = require "spec.support.files"
local pickle = require "nac.util.pickle"
local torch_file = require "nac.torch_file"

-- Pickle, by hand.
local function text(s) return "X" .. string.pack("<s4", s) end
local function global(module, name) return ("c%s\n%s\n"):format(module, name) end
local DICT = global("collections", "OrderedDict") .. ")R"

-- A tensor of a storage: as torch.save writes it.
local function tensor(o)
  return global("torch._utils", "_rebuild_tensor_v2") .. "((" .. text "storage" .. global("torch", o.class or "FloatStorage") ..
    text(o.key or "0") .. text "cpu" .. "K\6tQ" .. "K" .. string.char(o.first or 0) .. (o.size or "K\2K\3\x86") .. (o.stride or "K\3K\1\x86") ..
    "\x89" .. DICT .. "tR"
end

local floats = string.pack("<ffffff", 1, 2, 3, 4, 5, 6.5)

local function file(program, members)
  local list = { { name = "m/data.pkl", data = program } }
  for name, data in pairs(members or { ["0"] = floats }) do list[#list + 1] = { name = "m/data/" .. name, data = data } end
  list[#list + 1] = { name = "m/byteorder", data = "little" }
  return files.temporary(files.zip(list), ".pt")
end

local function one(o, members) return file("\x80\2" .. DICT .. text "w" .. tensor(o) .. "s.", members) end

describe("a file of torch.save", function()
  teardown(files.clean)

  it("gives its tensors and their order", function()
    local state, names = torch_file.read(file("\x80\2" .. DICT .. "(" .. text "b" .. tensor { first = 4, size = "K\2\x85", stride = "K\1\x85" } ..
      text "a" .. tensor {} .. text "n" .. tensor { class = "LongStorage", key = "1", size = ")", stride = ")" } .. "u" ..
      "}" .. text "_metadata" .. DICT .. "sb.", { ["0"] = floats, ["1"] = string.pack("<i8", 7) }))
    assert.same({ "b", "a", "n" }, names)
    assert.same({ 5, 6.5 }, state.b:totable())
    assert.same({ { 1, 2, 3 }, { 4, 5, 6.5 } }, state.a:totable())
    assert.equal(7, state.n:item())
    assert.equal("i32", state.n:dtype())
  end)

  it("runs nothing: what a state_dict does not need is refused by name", function()
    for program, message in pairs {
      ["\x80\2" .. global("os", "system") .. text "true" .. "\x85R."] = "it asks for 'os.system', which has no place in a state_dict",
      ["\x80\2" .. global("builtins", "eval") .. "."] = "builtins.eval",
      ["\x80\4\x8c\1a\x8c\1b\x93."] = "protocol 4; protocol 2 is expected",
      ["\x80\2i" .. "os\nsystem\n."] = "opcode 0x69",
      ["\x80\2" .. DICT .. text "w" .. "K\1s."] = "'w' is no tensor",
      ["\x80\2K\1."] = "holds no state_dict",
      ["\x80\2" .. global("torch", "FloatStorage") .. ")R."] = "a storage is not made by a call",
      ["\x80\2K\1)R."] = "it calls 1, which is no function",
      ["\x80\2" .. DICT .. "K\1K\2s."] = "only texts are expected",
      ["\x80\2}}b."] = "only an ordered dictionary",
      ["\x80\2s."] = "its stack is empty",
      ["\x80\2t."] = "a mark is missing",
      ["\x80\2h\5."] = "value 5, which it has not set",
      ["\x80\2" .. DICT .. "(" .. text "a" .. "u."] = "a key without a value",
      ["\x80\2" .. DICT] = "truncated",
      [""] = "truncated",
      ["\x80\2X\255\255\255\255a."] = "truncated",
    } do
      local state, why = torch_file.read(file(program))
      assert.is_nil(state)
      assert.matches(message, why, 1, true)
    end
  end)

  it("refuses tensors that their storage cannot hold", function()
    for _, case in ipairs {
      { { first = 1 }, "it needs 7 elements, its storage has 6" },
      { { size = "K\255K\255\x86", stride = "K\255K\1\x86" }, "it needs 65025 elements" },
      { { size = "J\255\255\255\127J\255\255\255\127\x86", stride = "J\255\255\255\127K\1\x86" }, "its shape is not possible" },
      { { size = "J\254\255\255\255\x85", stride = "K\1\x85" }, "its shape is not possible" },
      { { stride = "K\1K\2\x86" }, "it is a view with strides" },
      { { class = "ComplexFloatStorage" }, "'torch.ComplexFloatStorage', which has no place" },
      { { key = "9" }, "no member 'm/data/9'" },
    } do
      local state, why = torch_file.read(one(case[1]))
      assert.is_nil(state)
      assert.matches(case[2], why, 1, true)
    end
    local _, why = torch_file.read(files.temporary(files.zip { { name = "a.txt", data = "" } }))
    assert.matches("no data.pkl: torch.save did not write it", why, 1, true)
    _, why = torch_file.read "/nonexistent.pt"
    assert.matches("/nonexistent.pt: cannot read: No such file", why, 1, true)
    _, why = torch_file.read(files.temporary(files.zip { { name = "m/data.pkl", data = "." }, { name = "m/byteorder", data = "big" } }))
    assert.matches("its numbers are big-endian", why, 1, true)
  end)
end)

describe("a pickle", function()
  it("gives plain values and calls what it is given", function()
    local value = assert(pickle.load("\x80\2(K\1M\2\1J\255\255\255\255\x8a\2\0\1N\x88\x89" .. text "x" .. "t.", {}))
    assert.same({ 1, 258, -1, 256, pickle.none, true, false, "x", kind = "tuple" }, value)
    assert.equal(6, pickle.load("\x80\2" .. global("m", "f") .. "K\2K\4\x86R.", { ["m.f"] = function(args) return args[1] + args[2] end }))
  end)
end)
