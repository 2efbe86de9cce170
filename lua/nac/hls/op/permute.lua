-- Axes in another order: wires only.
return function(op, made)
  local to, from, step = {}, {}, 1
  for d = #op.dims, 1, -1 do
    to[d], from[d] = ("i%d * %d"):format(d - 1, step), ("i%d * %d"):format(d - 1, op.strides[d])
    step = step * op.dims[d]
  end
  made.loops(op.dims, "%s[%s] = %s[%s];", op.name, table.concat(to, " + "), op.from[1], table.concat(from, " + "))
end
