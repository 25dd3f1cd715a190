"""The model seam on torch: weights and configs from transformers, the decoder's forward pass our own."""
