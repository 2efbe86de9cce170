local contract = require "spec.contract.sampler"

for _, name in ipairs { "random", "nsga2", "tpe" } do contract(name) end
contract "spec/contract/example_sampler.lua"
contract "experiments/climber.lua"
contract({ ask = function() return {} end }, { name = "given as a table" })
