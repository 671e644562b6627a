"""What sdwebuiapi gets from the server at argv[1]: one JSON object on stdout."""
import contextlib
import json
import sys

import webuiapi
from PIL import Image

api = webuiapi.WebUIApi(baseurl=f"{sys.argv[1]}/sdapi/v1", sampler="Euler", steps=4)
star = {"prompt": "a yellow star at night", "seed": 7, "width": 128, "height": 128}


def half(image, left):
    return image.convert("RGB").crop((left, 0, left + 56, 128)).tobytes()


# It reports on stdout.
with contextlib.redirect_stdout(sys.stderr):
    api.util_wait_for_ready()
    api.util_set_model("picturebook")

made = api.txt2img(**star, n_iter=2, negative_prompt="rain", cfg_scale=5, scheduler="Karras")
again = api.txt2img(**star, negative_prompt="rain", cfg_scale=5, scheduler="Karras")
high = api.txt2img(**star, enable_hr=True, hr_scale=1.5, hr_second_pass_steps=2, denoising_strength=0.5)
source = made.images[0]

# White is what Automatic1111's masks paint.
mask = Image.new("L", source.size, 0)
mask.paste(255, (64, 0, 128, 128))
painted = {
    **{"prompt": "a red boat at sea", "seed": 3, "width": 128, "height": 128, "denoising_strength": 0.9},
    **{"images": [source], "mask_image": mask, "inpainting_fill": 1, "inpaint_full_res": False},
}
edited = api.img2img(**painted, mask_blur=0)
turned = api.img2img(**painted, mask_blur=0, inpainting_mask_invert=1)

try:
    refused = api.txt2img(prompt="x", sampler_name="Nobody's")
except RuntimeError as error:
    refused = error.args[0]

print(
    json.dumps(
        {
            "sizes": [image.size for image in [*made.images, *high.images]],
            "seeds": made.info["all_seeds"],
            "same_again": half(made.images[0], 0) == half(again.images[0], 0),
            "infotext": made.info["infotexts"][0],
            "read_back": api.png_info(source).info,
            "kept": half(edited.image, 0) == half(source, 0),
            "painted": half(edited.image, 72) != half(source, 72),
            "kept_turned": half(turned.image, 72) == half(source, 72),
            "painted_turned": half(turned.image, 0) != half(source, 0),
            "refused": refused,
            "model": api.util_get_current_model(),
            "models": api.util_get_model_names(),
            "samplers": api.util_get_sampler_names(),
            "schedulers": api.util_get_scheduler_names(),
            "lists": {
                name: type(getattr(api, f"get_{name}")()).__name__
                for name in [
                    *["upscalers", "latent_upscale_modes", "loras", "sd_vae", "embeddings", "memory"],
                    *["cmd_flags", "scripts", "hypernetworks", "face_restorers", "prompt_styles"],
                ]
            },
            "control": [
                api.controlnet_version(),
                api.controlnet_model_list(),
                api.controlnet_module_list(),
            ],
            "progress": api.get_progress()["progress"],
        }
    )
)
