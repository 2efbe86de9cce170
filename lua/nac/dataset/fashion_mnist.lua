--- Fashion-MNIST: 60000 + 10000 images of clothes, 28x28, 10 classes (H. Xiao,
-- K. Rasul and R. Vollgraf, 2017), in MNIST's layout. Read from data/full
-- (`make data`) or from Debian's package dataset-fashion-mnist; the project ships
-- the first 6000 training and 2000 test images.
local images = require "nac.dataset.images"

local set = {
  name = "fashion_mnist", n_classes = 10, height = 28, width = 28, sample_rows = 6000,
  system_dir = "/usr/share/datasets/fashion-mnist",
  hint = "Debian's package dataset-fashion-mnist has it, too",
  classes = { "T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot" },
  licence = "MIT",
  citation = "Xiao, Rasul, Vollgraf: Fashion-MNIST, arXiv:1708.07747",
}

--- Makes the data set; options as for MNIST (nac.dataset.mnist).
-- @return the data set, or nil and a message
return function(options) return images.make(set, options) end
