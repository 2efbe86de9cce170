-- A part of an axis: wires only.
return function(op, made)
  made.loops({ op.outer, op.share[1] }, "%s[i0 * %d + i1] = %s[i0 * %d + %d + i1];", op.name, op.share[1], op.from[1], op.n, op.first)
end
