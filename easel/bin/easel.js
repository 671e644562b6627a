#!/usr/bin/env node
import '@easel/core/command';
