-- Values side by side along an axis: wires only.
return function(op, made)
  local all, first = 0, 0
  for _, share in ipairs(op.share) do all = all + share end
  for k, share in ipairs(op.share) do
    made.loops({ op.outer, share }, "%s[i0 * %d + %d + i1] = %s[i0 * %d + i1];", op.name, all, first, op.from[k], share)
    first = first + share
  end
end
