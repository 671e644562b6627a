"""A network of Stable Diffusion 1.5 as diffusers has it, in bfloat16: argv is the phase and what it is fed."""
import json
import sys

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
from line_protocol import serve

phase, shapes = sys.argv[1], json.loads(sys.argv[2])


def autoencoder():
    channels = (128, 256, 512, 512)
    downs = ("DownEncoderBlock2D",) * len(channels)
    ups = ("UpDecoderBlock2D",) * len(channels)
    return AutoencoderKL(
        block_out_channels=channels, down_block_types=downs, up_block_types=ups, layers_per_block=2
    )


def open_network():
    feeds = {name: torch.sin(torch.arange(float(torch.Size(shape).numel()))).reshape(shape).bfloat16()
             for name, shape in shapes.items()}
    if phase == "unet":
        network = UNet2DConditionModel(cross_attention_dim=768).to(torch.bfloat16).eval()
        call = lambda: network(feeds["sample"], 500, feeds["encoder_hidden_states"])
    else:
        network = (AutoencoderTiny() if phase == "taesd-512" else autoencoder()).to(torch.bfloat16).eval()
        call = lambda: network.decode(feeds["latent_sample"])

    def run():
        with torch.inference_mode():
            call()

    return run


serve(open_network)
