--- MNIST: 60000 + 10000 images of handwritten digits, 28x28 (Y. LeCun, C. Cortes
-- and C. J. C. Burges). The project ships the first 12000 training images and
-- the whole test set; `make data` fetches the rest. See docs/data.md.
local images = require "nac.dataset.images"

local set = {
  name = "mnist", n_classes = 10, height = 28, width = 28, sample_rows = 12000,
  licence = "CC BY-SA 3.0",
  citation = "LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, 1998",
}

--- Makes the data set; files are read when `parts` or `test` is called.
-- @param[opt] options `resize` = 8 or {height, width} (area averaging; default: as it
-- is), `flatten` = false (shape {H*W} instead of {1,H,W}), `subset` = the first so
-- many training images (default: all that are there), `normalize` = true (pixels
-- in [0,1] instead of 0..255), `seed` = 0 of the splits, `sample` = false (true:
-- the shipped sample even where the full set is there), `dir` = folder with the
-- four IDX files, plain or .gz. `one_hot` is accepted: labels stay classes, the
-- loss does the rest.
-- @return the data set, or nil and a message
return function(options) return images.make(set, options) end
