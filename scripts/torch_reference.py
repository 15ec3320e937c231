"""The training recipe of acf-train in PyTorch, written from its definitions.

Shared by the scripts that compare acf-train with PyTorch.  Gradients come from autograd alone; no
formula of the C sources is used here.  Needs torch.
"""
import math

import torch

# Which points are anchors and which are contrasts: (instances, labels) each.
BLOCKS = {
    "acf": ((True, True), (True, True)),
    "scl": ((True, False), (True, False)),
    "icl": ((True, False), (False, True)),
    "lcl": ((False, True), (True, False)),
    "paco": ((True, False), (True, True)),
}


def unit_rows(x):
    """Rows divided by their length; a row no longer than 1e-12 becomes 0 and passes no gradient."""
    norm = x.norm(dim=1, keepdim=True)
    kept = norm > 1e-12
    return torch.where(kept, x / torch.where(kept, norm, torch.ones_like(norm)),
                       torch.zeros_like(x))


def contrast(h, w, y, tau=0.1, block="acf", form="supcon", rho=1.0):
    """Contrastive term over instances h [N, d] with classes y and label embeddings w [K, d].

    Returns (loss, excess), or (0, None) when no anchor has a positive.  Sums are in float64.
    """
    n, k = h.shape[0], w.shape[0]
    u = unit_rows(torch.cat([h, w]).double())
    cls = torch.cat([y, torch.arange(k)])
    is_label = torch.arange(n + k) >= n
    anchors, contrasts = BLOCKS[block]
    is_anchor = torch.where(is_label, anchors[1], anchors[0])
    is_contrast = torch.where(is_label, contrasts[1], contrasts[0])

    s = u @ u.T / tau
    others = is_contrast[None, :] & ~torch.eye(n + k, dtype=torch.bool)  # A(i)
    positives = others & (cls[:, None] == cls[None, :])  # P(i)
    negatives = others & ~positives

    if form == "ntxent":
        pairs = [(i, p) for i in range(n + k) if is_anchor[i]
                 for p in positives[i].nonzero().flatten().tolist()]
        if not pairs:
            return h.sum() * 0.0, None
        terms = []
        for i, p in pairs:
            pool = torch.cat([s[i, p].reshape(1), s[i][negatives[i]]])
            terms.append(pool.logsumexp(0) - s[i, p])
        loss = torch.stack(terms).mean()
        return loss, loss.detach()

    kept = (is_anchor & positives.any(1)).nonzero().flatten()
    if len(kept) == 0:
        return h.sum() * 0.0, None
    weight = torch.where(is_label, float(rho), 1.0).double()
    target = positives[kept] * weight
    target = target / target.sum(1, keepdim=True)
    log_z = s[kept].masked_fill(~others[kept], -math.inf).logsumexp(1, keepdim=True)
    loss = -(target * (s[kept] - log_z)).sum(1).mean()
    entropy = -torch.special.xlogy(target, target).sum(1).mean()
    return loss, (loss - entropy).detach()


def feature_correlation(h):
    """Frobenius norm of (Pearson correlation of the feature dimensions - identity)."""
    n = h.shape[0]
    if n < 3:
        return h.sum() * 0.0
    x = h.double()
    centred = x - x.mean(0)
    norm = centred.norm(dim=0)
    varies = norm.detach() > 1e-6 * x.detach().norm(dim=0)
    xhat = centred[:, varies] / norm[varies]
    off = xhat.T @ xhat - torch.eye(int(varies.sum()), dtype=x.dtype)
    square = (off * off).sum()
    if square <= 1e-10 * int(varies.sum()):
        return h.sum() * 0.0
    return square.sqrt()


def objective(features, logits, w, y, loss):
    """Total loss and its parts; `loss` holds ce, lambda, block, tau, form, label_weight, cor."""
    parts = {"loss_ce": torch.nn.functional.cross_entropy(logits, y)}
    total = loss["ce"] * parts["loss_ce"]
    if loss["lambda"] > 0:
        value, excess = contrast(features, w, y, loss["tau"], loss["block"], loss["form"],
                                 loss["label_weight"])
        parts["loss_contrast"], parts["excess"] = value, excess
        total = total + loss["lambda"] * value
    if loss["cor"] > 0:
        parts["loss_cor"] = feature_correlation(features)
        total = total + loss["cor"] * parts["loss_cor"]
    return total, parts


def preset(kind, tau=0.1, lam=0.5):
    """The keys of `objective` for loss.type ce or one of the blocks."""
    return {"ce": 1.0, "lambda": 0.0 if kind == "ce" else lam, "tau": tau, "form": "supcon",
            "block": "acf" if kind == "ce" else kind, "label_weight": 1.0, "cor": 0.0}


def is_head(name):
    return name.startswith("classifier.") and not name.startswith("classifier.dense.")


def decays(name):
    """Weight decay touches neither biases nor LayerNorm."""
    return not name.endswith((".bias", "layer_norm.weight")) and "LayerNorm" not in name


def make_optimizer(model, lr, head_lr, weight_decay, betas=(0.9, 0.999), eps=1e-8, **how):
    """AdamW, a group each for head and encoder, decayed and not; `base_lr` keeps its rate."""
    groups = {}
    for name, p in model.named_parameters():
        groups.setdefault((is_head(name), decays(name)), []).append(p)
    return torch.optim.AdamW(
        [{"params": ps, "lr": head_lr if head else lr, "base_lr": head_lr if head else lr,
          "weight_decay": weight_decay if decayed else 0.0}
         for (head, decayed), ps in groups.items()], betas=betas, eps=eps, **how)


def linear_factor(update, updates, warmup):
    """Factor of the learning rate at update 0, 1, ...: transformers' linear schedule."""
    if update < warmup:
        return update / max(1, warmup)
    return max(0.0, (updates - update) / max(1, updates - warmup))


def set_lr(optimizer, factor):
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"] * factor
