/// What other trainers (timm, MAE, DINOv2, Lightning, Transformers) call the keys and sections of a configuration.
package enum KeyAliases {
  /// Keys, most of them without their sections, in words separated by underscores.
  package static let keys: [String: String] = [
    "accum_iter": "batch.micro_batch_size", "accumulate_grad_batches": "batch.micro_batch_size",
    "adam_betas": "optimizer.betas", "amp": "compute.precision", "autocast": "compute.precision",
    "base_learning_rate": "optimizer.base_lr", "batch_size": "batch.global_batch_size", "bf16": "compute.precision",
    "batch.size": "batch.global_batch_size", "loss.type": "loss.kind", "model.dim": "model.encoder_dim",
    "bs": "batch.global_batch_size", "blr": "optimizer.base_lr", "ckpt_every": "checkpoints.every_steps",
    "clip": "optimizer.clip_grad", "clip_grad_norm": "optimizer.clip_grad", "clip_norm": "optimizer.clip_grad",
    "color_jitter": "data.jitter", "crop_size": "model.image_size", "data_dir": "data.path", "data_path": "data.path",
    "dataset": "data.path", "dataset_path": "data.path", "dec_depth": "model.decoder_depth",
    "dec_dim": "model.decoder_dim", "dec_embed_dim": "model.decoder_dim", "dec_num_heads": "model.decoder_heads",
    "decoder_embed_dim": "model.decoder_dim", "decoder_num_heads": "model.decoder_heads",
    "depth": "model.encoder_depth", "dtype": "compute.precision", "embed_dim": "model.encoder_dim",
    "enc_depth": "model.encoder_depth", "enc_dim": "model.encoder_dim", "enc_embed_dim": "model.encoder_dim",
    "enc_num_heads": "model.encoder_heads", "encoder_embed_dim": "model.encoder_dim", "eps": "optimizer.epsilon",
    "eval_steps": "validation.every_steps", "grad_clip": "optimizer.clip_grad",
    "gradient_accumulation_steps": "batch.micro_batch_size",
    "gradient_checkpointing":
      "compute.activation_checkpointing", "gradient_clip_val": "optimizer.clip_grad", "heads": "model.encoder_heads",
    "hidden_size": "model.encoder_dim", "img_size": "model.image_size",
    "input_size": "model.image_size", "int8": "compute.precision", "learning_rate": "optimizer.lr",
    "log_every_n_steps": "logging.every_steps",
    "log_freq": "logging.every_steps", "logging_steps": "logging.every_steps", "masking_ratio": "model.mask_ratio",
    "max_epochs": "schedule.epochs", "max_grad_norm": "optimizer.clip_grad", "max_iter": "schedule.total_steps",
    "max_lr": "optimizer.lr", "max_norm": "optimizer.clip_grad", "max_steps": "schedule.total_steps",
    "min_learning_rate": "optimizer.min_lr", "mixed_precision": "compute.precision",
    "ema": "optimizer.ema_decay", "model_ema_decay": "optimizer.ema_decay", "optimizer.decay": "optimizer.weight_decay",
    "norm_pix_loss": "loss.normalize_patches", "num_epochs": "schedule.epochs", "num_heads": "model.encoder_heads",
    "num_layers": "model.encoder_depth", "num_steps": "schedule.total_steps", "num_threads": "compute.threads",
    "num_train_epochs": "schedule.epochs", "num_workers": "data.loader_threads", "peak_lr": "optimizer.lr",
    "pos_embed": "model.position_embedding", "print_freq": "logging.every_steps", "random_seed": "seed",
    "resolution": "model.image_size", "save_every": "checkpoints.every_steps", "save_freq": "checkpoints.every_steps",
    "save_steps": "checkpoints.every_steps", "save_total_limit": "checkpoints.keep", "steps": "schedule.total_steps",
    "total_batch_size": "batch.global_batch_size", "train_batch_size": "batch.global_batch_size",
    "train_data": "data.path", "val_data": "data.validation_path", "val_path": "data.validation_path",
    "warmup": "schedule.warmup_epochs", "wd": "optimizer.weight_decay", "workers": "data.loader_threads",
  ]

  /// Sections.
  package static let sections: [String: String] = [
    "architecture": "model", "checkpoint": "checkpoints", "criterion": "loss", "dataloader": "data", "dataset": "data",
    "hardware": "compute", "log": "logging", "lr_scheduler": "schedule", "network": "model", "optim": "optimizer",
    "runtime": "compute", "scheduler": "schedule", "val": "validation", "visualization": "pictures",
  ]
}
