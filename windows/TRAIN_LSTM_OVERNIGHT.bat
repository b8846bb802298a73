@echo off
rem Trains one model for each of the ten stocks of the list asx_priority.
rem Options are passed on, e.g. TRAIN_LSTM_OVERNIGHT.bat --epochs 80
setlocal
call "%~dp0overnight.cmd" train --universe asx_priority %*
set "CODE=%errorlevel%"
echo.
if not "%CODE%"=="0" echo Exit code %CODE%: the reason is above; VERIFY_INSTALLATION.bat checks this machine.
echo Next: RUN_OVERNIGHT_PIPELINE.bat screens these stocks with their models.
pause
exit /b %CODE%
